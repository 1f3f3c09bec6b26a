// Taken over by the room's first real file.
