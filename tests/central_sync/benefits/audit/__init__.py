"""The audit: claims made of few words, and what is said of them."""
