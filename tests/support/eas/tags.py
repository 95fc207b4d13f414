"""Tokens and elements as MS-ASWBXML lists them, for the test client alone: tokens are in hexadecimal."""

from __future__ import annotations

TEXT = """\
0 AirSync 05=Sync 06=Responses 07=Add 08=Change 09=Delete 0a=Fetch 0b=SyncKey 0c=ClientId 0d=ServerId 0e=Status
  0f=Collection 10=Class 12=CollectionId 13=GetChanges 14=MoreAvailable 15=WindowSize 16=Commands 17=Options
  18=FilterType 19=Truncation 1b=Conflict 1c=Collections 1d=ApplicationData 1e=DeletesAsMoves 20=Supported
  21=SoftDelete 22=MIMESupport 23=MIMETruncation 24=Wait 25=Limit 26=Partial 27=ConversationMode 28=MaxItems
  29=HeartbeatInterval
1 Contacts 05=Anniversary 06=AssistantName 07=AssistantPhoneNumber 08=Birthday 09=Body 0a=BodySize 0b=BodyTruncated
  0c=Business2PhoneNumber 0d=BusinessAddressCity 0e=BusinessAddressCountry 0f=BusinessAddressPostalCode
  10=BusinessAddressState 11=BusinessAddressStreet 12=BusinessFaxNumber 13=BusinessPhoneNumber 14=CarPhoneNumber
  15=Categories 16=Category 17=Children 18=Child 19=CompanyName 1a=Department 1b=Email1Address 1c=Email2Address
  1d=Email3Address 1e=FileAs 1f=FirstName 20=Home2PhoneNumber 21=HomeAddressCity 22=HomeAddressCountry
  23=HomeAddressPostalCode 24=HomeAddressState 25=HomeAddressStreet 26=HomeFaxNumber 27=HomePhoneNumber 28=JobTitle
  29=LastName 2a=MiddleName 2b=MobilePhoneNumber 2c=OfficeLocation 2d=OtherAddressCity 2e=OtherAddressCountry
  2f=OtherAddressPostalCode 30=OtherAddressState 31=OtherAddressStreet 32=PagerNumber 33=RadioPhoneNumber 34=Spouse
  35=Suffix 36=Title 37=WebPage 38=YomiCompanyName 39=YomiFirstName 3a=YomiLastName 3b=CompressedRTF 3c=Picture
  3d=Alias 3e=WeightedRank
2 Email 05=Attachment 06=Attachments 07=AttName 08=AttSize 09=Att0Id 0a=AttMethod 0b=AttRemoved 0c=Body 0d=BodySize
  0e=BodyTruncated 0f=DateReceived 10=DisplayName 11=DisplayTo 12=Importance 13=MessageClass 14=Subject 15=Read
  16=To 17=Cc 18=From 19=ReplyTo 1a=AllDayEvent 1b=Categories 1c=Category 1d=DtStamp 1e=EndTime 1f=InstanceType
  20=BusyStatus 21=Location 22=MeetingRequest 23=Organizer 24=RecurrenceId 25=Reminder 26=ResponseRequested
  27=Recurrences 28=Recurrence 29=Type 2a=Until 2b=Occurrences 2c=Interval 2d=DayOfWeek 2e=DayOfMonth 2f=WeekOfMonth
  30=MonthOfYear 31=StartTime 32=Sensitivity 33=TimeZone 34=GlobalObjId 35=ThreadTopic 36=MIMEData 37=MIMETruncated
  38=MIMESize 39=InternetCPID 3a=Flag 3b=Status 3c=ContentClass 3d=FlagType 3e=CompleteTime
  3f=DisallowNewTimeProposal
4 Calendar 05=Timezone 06=AllDayEvent 07=Attendees 08=Attendee 09=Email 0a=Name 0b=Body 0c=BodyTruncated
  0d=BusyStatus 0e=Categories 0f=Category 10=CompressedRTF 11=DtStamp 12=EndTime 13=Exception 14=Exceptions
  15=Deleted 16=ExceptionStartTime 17=Location 18=MeetingStatus 19=OrganizerEmail 1a=OrganizerName 1b=Recurrence
  1c=Type 1d=Until 1e=Occurrences 1f=Interval 20=DayOfWeek 21=DayOfMonth 22=WeekOfMonth 23=MonthOfYear 24=Reminder
  25=Sensitivity 26=Subject 27=StartTime 28=UID 29=AttendeeStatus 2a=AttendeeType 2b=Attachment 2c=Attachments
  33=DisallowNewTimeProposal 34=ResponseRequested 35=AppointmentReplyTime 36=ResponseType 37=CalendarType
  38=IsLeapMonth 39=FirstDayOfWeek 3a=OnlineMeetingConfLink 3b=OnlineMeetingExternalLink 3c=ClientUid
5 Move 05=MoveItems 06=Move 07=SrcMsgId 08=SrcFldId 09=DstFldId 0a=Response 0b=Status 0c=DstMsgId
6 GetItemEstimate 05=GetItemEstimate 06=Version 07=Collections 08=Collection 09=Class 0a=CollectionId 0b=DateTime
  0c=Estimate 0d=Response 0e=Status
7 FolderHierarchy 05=Folders 06=Folder 07=DisplayName 08=ServerId 09=ParentId 0a=Type 0b=Response 0c=Status
  0d=ContentClass 0e=Changes 0f=Add 10=Delete 11=Update 12=SyncKey 13=FolderCreate 14=FolderDelete 15=FolderUpdate
  16=FolderSync 17=Count 18=Version
8 MeetingResponse 05=CalendarId 06=CollectionId 07=MeetingResponse 08=RequestId 09=Request 0a=Result 0b=Status
  0c=UserResponse 0d=Version 0e=InstanceId 10=ProposedStartTime 11=ProposedEndTime 12=SendResponse
9 Tasks 05=Body 06=BodySize 07=BodyTruncated 08=Categories 09=Category 0a=Complete 0b=DateCompleted 0c=DueDate
  0d=UtcDueDate 0e=Importance 0f=Recurrence 10=Type 11=Start 12=Until 13=Occurrences 14=Interval 15=DayOfMonth
  16=DayOfWeek 17=WeekOfMonth 18=MonthOfYear 19=Regenerate 1a=DeadOccur 1b=ReminderSet 1c=ReminderTime
  1d=Sensitivity 1e=StartDate 1f=UtcStartDate 20=Subject 21=CompressedRTF 22=OrdinalDate 23=SubOrdinalDate
  24=CalendarType 25=IsLeapMonth 26=FirstDayOfWeek
10 ResolveRecipients 05=ResolveRecipients 06=Response 07=Status 08=Type 09=Recipient 0a=DisplayName 0b=EmailAddress
  0c=Certificates 0d=Certificate 0e=MiniCertificate 0f=Options 10=To 11=CertificateRetrieval 12=RecipientCount
  13=MaxCertificates 14=MaxAmbiguousRecipients 15=CertificateCount 16=Availability 17=StartTime 18=EndTime
  19=MergedFreeBusy 1a=Picture 1b=MaxSize 1c=Data 1d=MaxPictures
11 ValidateCert 05=ValidateCert 06=Certificates 07=Certificate 08=CertificateChain 09=CheckCRL 0a=Status
12 Contacts2 05=CustomerId 06=GovernmentId 07=IMAddress 08=IMAddress2 09=IMAddress3 0a=ManagerName
  0b=CompanyMainPhone 0c=AccountName 0d=NickName 0e=MMS
13 Ping 05=Ping 06=AutdState 07=Status 08=HeartbeatInterval 09=Folders 0a=Folder 0b=Id 0c=Class 0d=MaxFolders
14 Provision 05=Provision 06=Policies 07=Policy 08=PolicyType 09=PolicyKey 0a=Data 0b=Status 0c=RemoteWipe
  0d=EASProvisionDoc 0e=DevicePasswordEnabled 0f=AlphanumericDevicePasswordRequired 10=RequireStorageCardEncryption
  11=PasswordRecoveryEnabled 12=DocumentBrowseEnabled 13=AttachmentsEnabled 14=MinDevicePasswordLength
  15=MaxInactivityTimeDeviceLock 16=MaxDevicePasswordFailedAttempts 17=MaxAttachmentSize
  18=AllowSimpleDevicePassword 19=DevicePasswordExpiration 1a=DevicePasswordHistory 1b=AllowStorageCard
  1c=AllowCamera 1d=RequireDeviceEncryption 1e=AllowUnsignedApplications 1f=AllowUnsignedInstallationPackages
  20=MinDevicePasswordComplexCharacters 21=AllowWiFi 22=AllowTextMessaging 23=AllowPOPIMAPEmail 24=AllowBluetooth
  25=AllowIrDA 26=RequireManualSyncWhenRoaming 27=AllowDesktopSync 28=MaxCalendarAgeFilter 29=AllowHTMLEmail
  2a=MaxEmailAgeFilter 2b=MaxEmailBodyTruncationSize 2c=MaxEmailHTMLBodyTruncationSize 2d=RequireSignedSMIMEMessages
  2e=RequireEncryptedSMIMEMessages 2f=RequireSignedSMIMEAlgorithm 30=RequireEncryptionSMIMEAlgorithm
  31=AllowSMIMEEncryptionAlgorithmNegotiation 32=AllowSMIMESoftCerts 33=AllowBrowser 34=AllowConsumerEmail
  35=AllowRemoteDesktop 36=AllowInternetSharing 37=UnapprovedInROMApplicationList 38=ApplicationName
  39=ApprovedApplicationList 3a=Hash 3b=AccountOnlyRemoteWipe
15 Search 05=Search 06=Stores 07=Store 08=Name 09=Query 0a=Options 0b=Range 0c=Status 0d=Response 0e=Result
  0f=Properties 10=Total 11=EqualTo 12=Value 13=And 14=Or 15=FreeText 17=DeepTraversal 18=LongId 19=RebuildResults
  1a=LessThan 1b=GreaterThan 1c=Schema 1d=Supported 1e=UserName 1f=Password 20=ConversationId 21=Picture 22=MaxSize
  23=MaxPictures
16 GAL 05=DisplayName 06=Phone 07=Office 08=Title 09=Company 0a=Alias 0b=FirstName 0c=LastName 0d=HomePhone
  0e=MobilePhone 0f=EmailAddress 10=Picture 11=Status 12=Data
17 AirSyncBase 05=BodyPreference 06=Type 07=TruncationSize 08=AllOrNone 0a=Body 0b=Data 0c=EstimatedDataSize
  0d=Truncated 0e=Attachments 0f=Attachment 10=DisplayName 11=FileReference 12=Method 13=ContentId
  14=ContentLocation 15=IsInline 16=NativeBodyType 17=ContentType 18=Preview 19=BodyPartPreference 1a=BodyPart
  1b=Status 1c=Add 1d=Delete 1e=ClientId 1f=Content 20=Location 21=Annotation 22=Street 23=City 24=State 25=Country
  26=PostalCode 27=Latitude 28=Longitude 29=Accuracy 2a=Altitude 2b=AltitudeAccuracy 2c=LocationUri 2d=InstanceId
18 Settings 05=Settings 06=Status 07=Get 08=Set 09=Oof 0a=OofState 0b=StartTime 0c=EndTime 0d=OofMessage
  0e=AppliesToInternal 0f=AppliesToExternalKnown 10=AppliesToExternalUnknown 11=Enabled 12=ReplyMessage 13=BodyType
  14=DevicePassword 15=Password 16=DeviceInformation 17=Model 18=IMEI 19=FriendlyName 1a=OS 1b=OSLanguage
  1c=PhoneNumber 1d=UserInformation 1e=EmailAddresses 1f=SmtpAddress 20=UserAgent 21=EnableOutboundSMS
  22=MobileOperator 23=PrimarySmtpAddress 24=Accounts 25=Account 26=AccountId 27=AccountName 28=UserDisplayName
  29=SendDisabled 2b=RightsManagementInformation
19 DocumentLibrary 05=LinkId 06=DisplayName 07=IsFolder 08=CreationDate 09=LastModifiedDate 0a=IsHidden
  0b=ContentLength 0c=ContentType
20 ItemOperations 05=ItemOperations 06=Fetch 07=Store 08=Options 09=Range 0a=Total 0b=Properties 0c=Data 0d=Status
  0e=Response 0f=Version 10=Schema 11=Part 12=EmptyFolderContents 13=DeleteSubFolders 14=UserName 15=Password
  16=Move 17=DstFldId 18=ConversationId 19=MoveAlways
21 ComposeMail 05=SendMail 06=SmartForward 07=SmartReply 08=SaveInSentItems 09=ReplaceMime 0a=Type 0b=Source
  0c=FolderId 0d=ItemId 0e=LongId 0f=InstanceId 10=Mime 11=ClientId 12=Status 13=AccountId 15=Forwardees
  16=Forwardee 17=Name 18=Email
22 Email2 05=UmCallerID 06=UmUserNotes 07=UmAttDuration 08=UmAttOrder 09=ConversationId 0a=ConversationIndex
  0b=LastVerbExecuted 0c=LastVerbExecutionTime 0d=ReceivedAsBcc 0e=Sender 0f=CalendarType 10=IsLeapMonth
  11=AccountId 12=FirstDayOfWeek 13=MeetingMessageType 15=IsDraft 16=Bcc 17=Send
23 Notes 05=Subject 06=MessageClass 07=LastModifiedDate 08=Categories 09=Category
24 RightsManagement 05=RightsManagementSupport 06=RightsManagementTemplates 07=RightsManagementTemplate
  08=RightsManagementLicense 09=EditAllowed 0a=ReplyAllowed 0b=ReplyAllAllowed 0c=ForwardAllowed
  0d=ModifyRecipientsAllowed 0e=ExtractAllowed 0f=PrintAllowed 10=ExportAllowed 11=ProgrammaticAccessAllowed
  12=Owner 13=ContentExpiryDate 14=TemplateID 15=TemplateName 16=TemplateDescription 17=ContentOwner
  18=RemoveRightsManagementProtection
25 Find 05=Find 06=SearchId 07=ExecuteSearch 08=MailBoxSearchCriterion 09=Query 0a=Status 0b=FreeText 0c=Options
  0d=Range 0e=DeepTraversal 11=Response 12=Result 13=Properties 14=Preview 15=HasAttachments 16=Total 17=DisplayCc
  18=DisplayBcc 19=GALSearchCriterion 20=MaxPictures 21=MaxSize 22=Picture
"""

TOKEN: dict[str, tuple[int, int]] = {}
NAME: dict[tuple[int, int], str] = {}
_space, _page = "", 0
for _line in TEXT.splitlines():
    _words = _line.split()
    if not _line.startswith(" "):
        _page, _space = int(_words[0]), _words[1]
        _words = _words[2:]
    for _word in _words:
        _token, _name = _word.split("=")
        TOKEN[f"{_space}:{_name}"] = (_page, int(_token, 16))
        NAME[_page, int(_token, 16)] = f"{_space}:{_name}"
