"""Inputs and expected outputs as JSON documents, for this and any other implementation."""
