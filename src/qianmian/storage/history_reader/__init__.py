"""Reading history: expressions of the language asked of the Parquet files, by DuckDB."""
