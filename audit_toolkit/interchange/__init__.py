"""Files from outside and files for outside: cells as text, nothing understood yet."""

from .tables import Sheet, csv_bytes, read_table, write_csv, xlsx_bytes

__all__ = ["Sheet", "csv_bytes", "read_table", "write_csv", "xlsx_bytes"]
