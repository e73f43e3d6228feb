"""One typed condition language: parse, check, print, say as a sentence, plan and explain."""
