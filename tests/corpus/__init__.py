"""Bad input by the thousand, each with the answer that it must get. The same on every run."""
