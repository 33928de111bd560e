"""Models on the Hugging Face Hub: fetched by name, published with a card."""
