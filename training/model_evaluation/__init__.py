"""How close a model's loops come to loops it has never seen: figures, each beside what real loops reach, and a page.

::

    corpus --real_loops--------.                .- bins, neighbours          (in feature_space)
                                >- loop_set ----+- rhythm, listening, seam   -> report -> report_table, picture
    model --drawing------------'                '- memorising, path_length

The bins, the scale and the components are fitted on training loops that take no other part; the model's loops and
as many other training loops are then both held against held-out loops: the second comparison is the reference.
"""

from melgan_vocoder.lazy import load_later

__all__ = ["Evaluation", "EvaluationConfig", "Plan", "RealLoops", "draw_picture", "evaluate", "lay_table", "make_plan"]

__getattr__ = load_later(
    __name__,
    {
        "Evaluation": "report",
        "EvaluationConfig": "plan",
        "Plan": "plan",
        "RealLoops": "real_loops",
        "draw_picture": "picture",
        "evaluate": "report",
        "lay_table": "report_table",
        "make_plan": "plan",
    },
)
