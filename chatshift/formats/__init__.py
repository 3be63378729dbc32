"""Rows as other tools write them become conversations; one small module for each format."""
