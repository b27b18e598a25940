"""From strings to arrays: cleaning, masking of personal data, tokenisation."""
