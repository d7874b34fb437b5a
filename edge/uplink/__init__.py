"""SHELL: carries what the journal holds to the hub, and brings the answers home."""
