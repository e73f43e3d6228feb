"""The built-in playbooks, one file each."""
