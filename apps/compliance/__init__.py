"""Policy packs, rules and findings."""
