"""Writes events.hex, the event file that TensorBoardEventsTest expects, with TensorBoard's own classes (pip install tensorboard).

    python events.py > events.hex
"""
import io

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1700000000.0


def main():
    out = io.BytesIO()
    out.close = lambda: None
    writer = RecordWriter(out)
    writer.write(event_pb2.Event(wall_time=START, file_version="brain.Event:2").SerializeToString())
    lines = [
        (3.5, 10, {"query_loss": 0.5, "tasks": 24, "seconds": 3.5, "round_milliseconds/compute": 3.0}),
        (700.25, 300_000, {"query_loss": 1e-7, "tasks": 24, "seconds": 700.25, "round_milliseconds/compute": 2.5}),
    ]
    for seconds, step, numbers in lines:
        values = [summary_pb2.Summary.Value(tag=tag, simple_value=number) for tag, number in numbers.items()]
        event = event_pb2.Event(wall_time=START + seconds, step=step, summary=summary_pb2.Summary(value=values))
        writer.write(event.SerializeToString())
    print(out.getvalue().hex())


main()
