"""The nouns of the product: ids, time, money, events, products, orders, firings."""
