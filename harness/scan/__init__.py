"""What other people's rules say of the chart: checkov's, kube-score's and Kubernetes' Pod Security "restricted"."""
