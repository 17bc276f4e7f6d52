"""Makes the model from invented columns and labelled files; needs the `train` dependencies."""
