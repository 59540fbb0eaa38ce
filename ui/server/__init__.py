"""The routes that the annotation map talks to, on the same port as Streamlit's pages."""
