"""Shapes of trials; DESIGN.md fixes them. What is inside a trial is checked where it runs."""

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
