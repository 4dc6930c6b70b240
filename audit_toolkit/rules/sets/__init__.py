"""The rule sets that come with the toolkit, one TOML file each."""
