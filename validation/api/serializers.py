"""Shapes of trials and examples. What is inside a trial is checked where it runs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.api.serializers import StrictSerializer


class TrialSerializer(StrictSerializer):
    """A request, and what is around it. A body is text, base64 or chunks."""

    request = serializers.JSONField(
        required=False, help_text="method, path, headers (pairs), body, trailers"
    )
    upstream = serializers.JSONField(
        required=False, help_text="status, headers, body, trailers; left out: the echo upstream"
    )
    config = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    root_id = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    replies = serializers.JSONField(
        required=False, help_text="Answers to callouts: cluster, path, status, headers, body."
    )
    plugins = serializers.JSONField(
        required=False, help_text="Filters behind this one: module, config, root_id."
    )
    connection = serializers.JSONField(
        required=False, help_text="For TCP filters: downstream and upstream, both bodies."
    )


class ReceivedSerializer(serializers.Serializer[Any]):
    """What one end received."""

    headers = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    body = serializers.JSONField(help_text="Text, or base64 where it is none.")
    trailers = serializers.JSONField(required=False)


class AnswerSerializer(ReceivedSerializer):
    """What the client received."""

    status = serializers.IntegerField()


class LogSerializer(serializers.Serializer[Any]):
    """A line of the filter's log."""

    level = serializers.CharField()
    message = serializers.CharField()


class OutcomeSerializer(serializers.Serializer[Any]):
    """What came of a trial."""

    outcome = serializers.ChoiceField(
        choices=["continued", "replied", "paused", "trapped", "rejected", "limited"]
    )
    request = ReceivedSerializer()
    response = AnswerSerializer()
    logs = LogSerializer(many=True)
    calls = serializers.ListField(child=serializers.JSONField())
    fuel = serializers.IntegerField()
    milliseconds = serializers.FloatField()
    reason = serializers.CharField()


class ExampleSerializer(serializers.Serializer[Any]):
    """A trial that an author keeps, and what is expected of it."""

    name = serializers.CharField()
    description = serializers.CharField()
    trial = serializers.DictField(help_text="As in POST …/trials.")
    expected = serializers.DictField(
        help_text="outcome, request, response, logs: what matters of the answer to the trial."
    )
    author = serializers.CharField(
        source="author.username", default=None, allow_null=True, help_text="Who changed it last."
    )
    created = serializers.DateTimeField()
    updated = serializers.DateTimeField()


class ExamplesSerializer(serializers.Serializer[Any]):
    """The examples of an extension, by name."""

    results = ExampleSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class ExampleChangesSerializer(StrictSerializer):
    """What is said of an example."""

    description = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200, help_text="A short sentence."
    )
    trial = serializers.DictField(help_text="As in POST …/trials; {} is a plain GET /.")
    expected = serializers.DictField(
        required=False,
        allow_null=True,
        default=None,
        help_text="outcome, request, response, logs; left out: as the newest version does now.",
    )


class NewExampleSerializer(ExampleChangesSerializer):
    """An example to keep."""

    name = serializers.CharField(
        max_length=60, help_text="Lower-case letters and digits with single hyphens between them."
    )


class ExampleRunSerializer(serializers.Serializer[Any]):
    """How a release did on an example."""

    name = serializers.CharField()
    description = serializers.CharField()
    state = serializers.ChoiceField(choices=["passed", "failed", "not-run"])
    differences = serializers.ListField(
        child=serializers.CharField(), help_text="What was not as expected, a sentence each."
    )
    reason = serializers.CharField(help_text="Why it was not run.")
    run = serializers.DateTimeField(allow_null=True)


class ExampleRunsSerializer(serializers.Serializer[Any]):
    """Every example, and how a release did on it."""

    results = ExampleRunSerializer(many=True)
    next = serializers.CharField(allow_null=True)
