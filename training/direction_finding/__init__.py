"""Model -> its directions, measured.

::

    model --survey--> attributes of many loops --attribute_regression--> curves --sweep--> verdict --> the model file
"""
