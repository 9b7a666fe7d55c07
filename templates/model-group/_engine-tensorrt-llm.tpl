{{- /* TensorRT-LLM's own server, trtllm-serve. It listens on localhost unless told, serves the model under one name (its folder's or its Hugging Face id), and its /metrics is JSON: Prometheus can read only what a --config file turns on. */ -}}
{{- define "inference-stack.engine.tensorrt-llm" -}}
image: {repository: nvcr.io/nvidia/tensorrt-llm/release, tag: 1.2.1}
recognise:
  command: 'trtllm-serve|trtllm-llmapi-launch'
  image: 'tensorrt[-_]llm'
launcher: [trtllm-serve]
model: {positional: true, flags: []}
flags:
  host: {names: [--host], add: [--host, 0.0.0.0]}
  port: {names: [--port], add: [--port, PORT]}
  servedNames: {names: [--served-model-name], add: [], style: model}
  tensorParallel: {add: [--tp_size, GPUS]}
apiKey: {env: "", flags: []}
parallelism:
  tensor: [--tp-size]
  pipeline: [--pp-size]
  other: [--ep-size]
  nodes: []
probes:
  startup: {path: /health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 360}
  readiness: {path: /health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3}
  liveness: {path: /health, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6}
metricsPath: ""
nonRoot: true
cache: {HF_HOME: ""}
openai: true
{{- end -}}
