"""Tools and tests of the inference-stack chart: pinned tools, a real cluster, images, rendering and the demo."""
