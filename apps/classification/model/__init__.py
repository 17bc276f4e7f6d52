"""The trained judge: features of columns, arrays that were learnt, and what they say."""
