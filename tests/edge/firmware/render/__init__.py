"""The appliance's configuration."""
