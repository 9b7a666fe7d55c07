{{- /* Triton Inference Server. It speaks KServe v2, not OpenAI: HTTP on 8000, gRPC on 8001, metrics on 8002. A containerPort of 8001 or 8002 names one of its other ports, so HTTP stays on 8000 then. It ends at once if its model repository is no directory. */ -}}
{{- define "inference-stack.engine.triton" -}}
image: {repository: nvcr.io/nvidia/tritonserver, tag: 26.07-trtllm-python-py3}
recognise:
  command: 'tritonserver'
  image: 'tritonserver'
launcher: [tritonserver]
model: {positional: false, flags: [--model-repository, --model-store], directory: true}
flags:
  port: {names: [--http-port], add: [--http-port, PORT]}
  servedNames: {names: [], add: [], style: model}
  drain: {names: [--exit-timeout-secs], add: [--exit-timeout-secs, DRAIN]}
apiKey: {env: "", flags: []}
ports:
  - {name: grpc, containerPort: 8001, flags: [--grpc-port]}
  - {name: metrics, containerPort: 8002, flags: [--metrics-port]}
probes:
  startup: {path: /v2/health/ready, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 360}
  readiness: {path: /v2/health/ready, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3}
  liveness: {path: /v2/health/live, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6}
metricsPath: ""
nonRoot: true
cache: {HF_HOME: ""}
openai: false
{{- end -}}
