"""Everything that changes extensions, releases, tags, their names and their rules."""

from catalog.services.converting import record_conversion
from catalog.services.counting import count_pulls
from catalog.services.deleting import (
    delete_extension,
    delete_manifest,
    delete_release,
    delete_tag,
)
from catalog.services.examples import (
    Example,
    delete_example,
    record_example_result,
    record_standard_trial,
    save_example,
)
from catalog.services.extensions import edit_extension, open_extension
from catalog.services.following import note_change
from catalog.services.holding import hold
from catalog.services.moving import rename_extension, transfer_extension
from catalog.services.proving import record_proof
from catalog.services.pushing import accept_manifest, fill_page
from catalog.services.rules import check_quota, edit_rules
from catalog.services.uploading import attach_packed, fail_packing, reserve_release
from catalog.services.verdicts import Judgement, record_verdict, revise_verdict
from catalog.services.yanking import yank_release

__all__ = [
    "Example",
    "Judgement",
    "accept_manifest",
    "attach_packed",
    "check_quota",
    "count_pulls",
    "delete_example",
    "delete_extension",
    "delete_manifest",
    "delete_release",
    "delete_tag",
    "edit_extension",
    "edit_rules",
    "fail_packing",
    "fill_page",
    "hold",
    "note_change",
    "open_extension",
    "record_conversion",
    "record_example_result",
    "record_proof",
    "record_standard_trial",
    "record_verdict",
    "rename_extension",
    "reserve_release",
    "revise_verdict",
    "save_example",
    "transfer_extension",
    "yank_release",
]
