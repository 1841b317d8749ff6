// Carries the precompiled header that the torch rooms share.
