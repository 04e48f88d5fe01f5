"""Makes a faster copy of a decoder's graph: small pure passes, the proof that each keeps the
numbers or the measure of how much it does not, and the cache of copies that are ready to load."""
