{{- /* SGLang. It listens on 127.0.0.1:30000 and has no metrics unless told; /health takes a second or more because it makes the engine generate a token. Facts: 0.5.23's parser and source. */ -}}
{{- define "inference-stack.engine.sglang" -}}
image: {repository: lmsysorg/sglang, tag: v0.5.20-cu130}
recognise:
  command: 'sglang(\.launch_server|\s+serve\b)'
  image: 'sglang'
launcher: [python3, -m, sglang.launch_server]
model: {positional: false, flags: [--model-path, --model]}
flags:
  host: {names: [--host], add: [--host, 0.0.0.0]}
  port: {names: [--port], add: [--port, PORT]}
  servedNames: {names: [--served-model-name], add: [--served-model-name], style: first}
  metrics: {names: [--enable-metrics], add: [--enable-metrics]}
  tensorParallel: {add: [--tp-size, GPUS]}
  apiKey: {names: [--api-key], add: [--api-key=$(SGLANG_API_KEY)]}
apiKey: {env: SGLANG_API_KEY, flags: [--api-key]}
parallelism:
  tensor: [--tensor-parallel-size, --tp-size, --tp]
  pipeline: [--pipeline-parallel-size, --pp-size, --pp]
  other: [--data-parallel-size, --dp-size, --dp]
  nodes: [--nnodes]
probes:
  startup: {path: /health, periodSeconds: 10, timeoutSeconds: 25, failureThreshold: 180}
  readiness: {path: /health, periodSeconds: 10, timeoutSeconds: 25, failureThreshold: 3}
  liveness: {path: /health, periodSeconds: 30, timeoutSeconds: 25, failureThreshold: 3}
metricsPath: /metrics
nonRoot: true
cache: {HF_HOME: "", SGLANG_CACHE_DIR: /sglang}
openai: true
{{- end -}}
