module inference-stack/tools/bench

go 1.26.6

godebug default=go1.26
