"""What the files of the data set mean. numpy and the standard library only: no bpy, no farm."""
