namespace midillama {}
