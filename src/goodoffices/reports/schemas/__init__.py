"""The JSON Schemas of what each analysis writes, a file each."""
