"""Questions about talks in their recursive form, solved on a grid of public beliefs."""
