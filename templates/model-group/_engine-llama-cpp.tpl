{{- /* llama.cpp's server. It listens on 127.0.0.1:8080 and has no metrics unless told; it spreads a model over its GPUs by itself. Each flag may also be given as an environment variable. */ -}}
{{- define "inference-stack.engine.llama-cpp" -}}
image: {repository: ghcr.io/ggml-org/llama.cpp, tag: server-b11243}
recognise:
  command: 'llama-server'
  image: 'llama[.-]cpp'
launcher: [/app/llama-server]
model: {positional: false, flags: [-hf, --hf-repo, -m, --model, -mu, --model-url], pathFlag: -m, env: [LLAMA_ARG_MODEL, LLAMA_ARG_HF_REPO, LLAMA_ARG_MODEL_URL]}
flags:
  host: {names: [--host], env: LLAMA_ARG_HOST, add: [--host, 0.0.0.0]}
  port: {names: [--port], env: LLAMA_ARG_PORT, add: [--port, PORT]}
  servedNames: {names: [--alias, -a], env: LLAMA_ARG_ALIAS, add: [--alias], style: comma}
  metrics: {names: [--metrics], env: LLAMA_ARG_ENDPOINT_METRICS, add: [--metrics]}
apiKey: {env: LLAMA_API_KEY, flags: [--api-key, --api-key-file]}
busyMetric: llamacpp:requests_processing
probes:
  startup: {path: /health, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 240}
  readiness: {path: /health, periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3}
  liveness: {path: /health, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6}
metricsPath: /metrics
nonRoot: true
cache: {HF_HOME: "", LLAMA_CACHE: /llama.cpp}
openai: true
{{- end -}}
