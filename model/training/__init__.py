"""From scores on disk to weights: sources, preparation, training, evaluation."""
