"""The forms in which a trial is written down, and kept as an example."""

from validation.forms.config import ConfigSchema
from validation.forms.connection import ConnectionForm
from validation.forms.example import ExampleForm, example_initial
from validation.forms.trial import TrialForm

__all__ = ["ConfigSchema", "ConnectionForm", "ExampleForm", "TrialForm", "example_initial"]
