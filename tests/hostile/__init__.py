"""Files that did harm, or were made to: small generators and what must come of them."""
