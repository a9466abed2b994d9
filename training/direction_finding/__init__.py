"""Model -> its directions, measured.

::

    model --survey--> attributes of many loops --regression--> moves --sweep--> report --verdict--> the model file
"""
