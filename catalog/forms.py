"""Forms of the catalog's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms

from catalog.models import Extension
from catalog.models.extensions import CATEGORIES, validate_shown
from core.policy import Visibility
from wasmhub import oci

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Callable

    ExtensionForm = forms.ModelForm[Extension]
else:
    ExtensionForm = forms.ModelForm

VISIBILITIES = [
    (Visibility.PRIVATE.value, "Private: members of the namespace"),
    (Visibility.INTERNAL.value, "Internal: everybody who is signed in"),
    (Visibility.PUBLIC.value, "Public: everybody"),
]


class UploadForm(forms.Form):
    """Publish a ``.wasm`` file from the browser."""

    namespace = forms.ChoiceField()
    name = forms.CharField(
        max_length=100, help_text="Lower-case letters, digits, and . _ - between them."
    )
    version = forms.CharField(max_length=128, help_text="Such as 1.0.0 or 1.1.0-rc.1.")
    module = forms.FileField(help_text="The .wasm file that your build made.")
    description = forms.CharField(
        max_length=500,
        required=False,
        validators=[validate_shown],
        help_text="One sentence. For a new name only.",
    )
    visibility = forms.ChoiceField(
        choices=VISIBILITIES,
        widget=forms.RadioSelect,
        initial=Visibility.PRIVATE.value,
        help_text="For a new name only; an existing extension keeps its own.",
    )

    def clean_name(self) -> str:
        """Check the grammar here too, so that every slip shows at once."""
        return _checked(oci.check_name, self.cleaned_data["name"])

    def clean_version(self) -> str:
        """Check the grammar here too, so that every slip shows at once."""
        version: str = self.cleaned_data["version"]
        _checked(oci.Version.parse, version)
        return version

    def __init__(self, *args: Any, namespaces: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["namespace"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(name, name) for name in namespaces]


def _checked(check: Callable[[str], T], text: str) -> T:
    try:
        return check(text)
    except oci.OciError as error:
        raise forms.ValidationError(str(error)) from error


class SettingsForm(ExtensionForm):
    """Edit an extension's page. The service checks again what counts."""

    visibility = forms.ChoiceField(choices=VISIBILITIES, widget=forms.RadioSelect)
    category = forms.ChoiceField(choices=[("", "None of these"), *CATEGORIES], required=False)
    source_url = forms.URLField(required=False, max_length=300, assume_scheme="https")
    homepage_url = forms.URLField(required=False, max_length=300, assume_scheme="https")
    documentation_url = forms.URLField(required=False, max_length=300, assume_scheme="https")

    class Meta:
        model = Extension
        fields = [
            "title",
            "description",
            "visibility",
            "category",
            "license",
            "source_url",
            "homepage_url",
            "documentation_url",
            "readme",
        ]
        widgets = {
            "readme": forms.Textarea(attrs={"rows": 18, "spellcheck": "true"}),
        }

    def __init__(self, *args: Any, may_set_visibility: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visibility"].disabled = not may_set_visibility
