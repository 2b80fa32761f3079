"""Guide 004's dialect: meetings, as `{event, data}` over a WebSocket."""
