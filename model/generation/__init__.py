"""From a plan to beats: context, biases, sampler, takes."""
