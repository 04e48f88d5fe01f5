"""Values shared by every layer: frozen, typed, validated; no numpy, no Qt, no I/O."""
