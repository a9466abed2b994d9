"""From controls to clips: what is drawn, when, and by which model. `renderer` alone imports torch."""
