"""One thin file per page: Streamlit runs it, and the page's folder in ``ui`` does the rest."""
