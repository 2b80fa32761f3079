"""Accounts: people, their devices, their logins, and how they prove who they are."""
