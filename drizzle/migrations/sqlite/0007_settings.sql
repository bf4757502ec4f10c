CREATE TABLE `server_settings` (
	`id` text PRIMARY KEY NOT NULL,
	`values` text NOT NULL,
	`rev` integer NOT NULL
);
