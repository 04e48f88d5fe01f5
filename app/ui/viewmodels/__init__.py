"""What the window decides: QObjects over the services, and its words; no widgets."""
