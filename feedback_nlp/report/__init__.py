"""The ledger for readers: workbook, one-file report, and what a notebook shows."""

from feedback_nlp.report.notebook import analysis_html, ledger_style
from feedback_nlp.report.page import write_report
from feedback_nlp.report.workbook import write_workbook

__all__ = ["analysis_html", "ledger_style", "write_report", "write_workbook"]
