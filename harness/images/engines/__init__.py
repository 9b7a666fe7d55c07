"""The programs inside the engine images.

`llama_server` is a real engine: the llama.cpp server, with a tiny model. `vllm`, `sglang`, `trtllm` and `triton` are
stand-ins for engines that need a GPU and tens of gigabytes: each takes its engine's command line and refuses what the
engine refuses, listens where and when the engine does, and has its paths, metrics, keys and behaviour on SIGTERM; the
tokens come from the same tiny model. What a stand-in shows about a chart is therefore how the chart starts, reaches,
probes, scrapes and stops the engine. It shows nothing about models, speed, memory or GPUs: a pod's GPUs are advertised,
not there, so that a stand-in cannot refuse a tensor-parallel size greater than their number, as its engine would.

This directory is copied into the images as the package `standin`: its modules import each other relatively, and nothing
else of the harness.
"""
