"""What is found in given music: key, form, melody, harmony."""
