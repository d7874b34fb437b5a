"""The line between a real edge and a real hub, made slow, lossy or deaf: no answer late, nothing lost, nothing twice."""
